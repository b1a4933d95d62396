"""The steps of a model (steps.make_steps) in TensorFlow, on one device or on several that share each batch."""

import tensorflow as tf

from pipeline.common.errors import InputError
from pipeline.training.fused import apply_gradients, fuse_batch_normalization, fuse_convolutions


class Steps:
    """See steps.make_steps."""

    def __init__(self, model, optimizer, strategy):
        self.model, self.optimizer, self.strategy = model, optimizer, strategy
        faces = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
        targets = tf.TensorSpec((None, model.output_shape[-1]), tf.float32)
        if strategy is None:
            fuse_batch_normalization(model)
            fuse_convolutions(model)
        else:
            for layer in model.layers:
                if hasattr(layer, "synchronized"):
                    layer.synchronized = True  # the statistics of the whole batch, as on one device
        self._clip = getattr(getattr(optimizer, "inner_optimizer", optimizer), "global_clipnorm", None)
        if strategy is not None and self._clip and hasattr(optimizer, "inner_optimizer"):
            raise InputError("clip_norm: expected one device or another precision than mixed_float16 with TensorFlow, received several")
        step = self._train_step if strategy is None else self._shared_step
        self._train = tf.function(step, input_signature=[faces, targets, tf.TensorSpec((None,), tf.int64)], autograph=False)
        self._infer = tf.function(lambda x: model(x, training=False), input_signature=[faces], autograph=False)
        self._observe = tf.function(self._observe_step, input_signature=[faces], autograph=False)
        if optimizer is not None:
            optimizer.build(model.trainable_variables)  # before tracing: a third off the first step

    def _train_step(self, faces, targets, labels):
        variables, count = self.model.trainable_variables, tf.shape(targets)[0]
        if self.strategy is not None:
            # Cut here rather than handed in as parts: equal signatures on every replica, whatever the size of the batch.
            replica, replicas = tf.distribute.get_replica_context().replica_id_in_sync_group, self.strategy.num_replicas_in_sync
            own = slice(count * replica // replicas, count * (replica + 1) // replicas)
            faces, targets, labels = faces[own], targets[own], labels[own]
        with tf.GradientTape() as tape:
            logits = self.model(faces, training=True)
            loss = -tf.reduce_sum(targets * tf.nn.log_softmax(logits)) / tf.cast(count, tf.float32)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        if self.strategy is not None and self._clip:  # Keras would clip each replica's part, and add them up then
            gradients = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            gradients = [g / replicas for g in tf.clip_by_global_norm(gradients, self._clip)[0]]
        if self.strategy is not None or not apply_gradients(self.optimizer, gradients, variables):
            self.optimizer.apply(gradients, variables)
        return loss, tf.math.count_nonzero(tf.argmax(logits, axis=1) == labels)

    def _shared_step(self, *batch):
        loss, correct = self.strategy.run(self._train_step, args=batch)
        return tuple(self.strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None) for value in (loss, correct))

    def _observe_step(self, faces):
        if self.strategy is None:
            self.model(faces, training=True)
        else:  # every replica sees all the faces: the statistics are those of one
            self.strategy.run(lambda x: self.model(x, training=True), args=(faces,))

    def train(self, faces, targets, labels):
        """One optimizer step."""
        return self._train(faces, targets, labels)

    def set_rate(self, rate):
        """The learning rate of the next steps."""
        self.optimizer.learning_rate = rate

    def infer(self, faces):
        """Logits with the moving statistics."""
        return self._infer(faces).numpy()

    def observe(self, faces):
        """A forward pass as in training."""
        self._observe(faces)

    def store(self):
        """Nothing to do: the steps update the variables themselves."""
