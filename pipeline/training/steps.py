"""The compiled steps of a model: train, infer, and observe batch statistics. The only module that computes with TensorFlow.

Written out instead of model.fit: the same arithmetic, traced once for any batch size, ready in half the time.
"""

import tensorflow as tf


class Steps:
    """Steps of one Keras model; each is traced at its first call.

    model: (batch, h, w, 3) uint8 to (batch, emotions) logits; optimizer: a Keras optimizer, or None to infer only.
    """

    def __init__(self, model, optimizer=None):
        self.model, self.optimizer = model, optimizer
        faces = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
        labels = tf.TensorSpec((None,), tf.int64)
        self._train = tf.function(self._train_step, input_signature=[faces, labels], autograph=False)
        self._infer = tf.function(lambda x: model(x, training=False), input_signature=[faces], autograph=False)
        self._observe = tf.function(lambda x: model(x, training=True), input_signature=[faces], autograph=False)
        if optimizer is not None:
            optimizer.build(model.trainable_variables)  # before tracing: a third off the first step

    def _train_step(self, faces, labels):
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(faces, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss, tf.math.count_nonzero(tf.argmax(logits, axis=1) == labels)

    def train(self, faces, labels):
        """Take one optimizer step; return (mean cross-entropy, correct answers) of the batch, as before the step."""
        loss, correct = self._train(faces, labels)
        return float(loss), int(correct)

    def infer(self, faces):
        """Return the logits (batch, emotions) float32, with the moving statistics."""
        return self._infer(faces).numpy()

    def observe(self, faces):
        """Run the model as in training, so that its batch normalisation layers see the batch."""
        self._observe(faces)
