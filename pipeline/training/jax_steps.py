"""The steps of a model (steps.make_steps) in JAX, on one device or on several that share each batch."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec


class Steps:
    """See steps.make_steps. What is trained lives here as arrays, between store()s not in the variables."""

    def __init__(self, model, optimizer, strategy):
        self.model, self.optimizer, self.mesh = model, optimizer, strategy
        self._state = None
        self._train = jax.jit(self._train_step, donate_argnums=0)
        self._infer = jax.jit(lambda state, x: model.stateless_call(*state, x, training=False)[0])
        self._observe = jax.jit(lambda state, x: model.stateless_call(*state, x, training=True)[1])
        if optimizer is not None:
            optimizer.build(model.trainable_variables)

    def _train_step(self, state, faces, targets, labels):
        def loss_of(trainable, fixed, state):
            logits, fixed = self.model.stateless_call(trainable, fixed, faces, training=True)
            loss = -(targets * jax.nn.log_softmax(logits)).sum() / len(targets)
            with keras.StatelessScope(zip(self.optimizer.variables, state, strict=True)):
                scaled = self.optimizer.scale_loss(loss)
            return scaled, (loss, jnp.count_nonzero(logits.argmax(axis=1) == labels), fixed)

        trainable, fixed, optimizer = state
        gradients, (loss, correct, fixed) = jax.grad(loss_of, has_aux=True)(trainable, fixed, optimizer)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, fixed, optimizer), loss, correct

    def _place(self, values, shared=False):
        if self.mesh is None:
            return values
        # A batch that the devices cannot share equally is computed whole by each of them: the result is the same.
        shared = shared and len(values) % self.mesh.size == 0
        return jax.device_put(values, NamedSharding(self.mesh, PartitionSpec("batch") if shared else PartitionSpec()))

    def _variables(self):
        optimizer = self.optimizer.variables if self.optimizer is not None else []
        return self.model.trainable_variables, self.model.non_trainable_variables, optimizer

    def _values(self, groups):
        return tuple([variable.value for variable in group] for group in groups)

    def train(self, *batch):
        """One optimizer step."""
        if self._state is None:
            # Copies: the step may overwrite what it is given, and the variables must keep their arrays.
            self._state = self._place(jax.tree.map(jnp.copy, self._values(self._variables())))
        self._state, loss, correct = self._train(self._state, *(self._place(values, True) for values in batch))
        return loss, correct

    def set_rate(self, rate):
        """The learning rate of the next steps."""
        if self._state is None:
            self.optimizer.learning_rate = rate
        else:
            own = getattr(self.optimizer, "inner_optimizer", self.optimizer)  # of a loss scale
            index = [id(v) for v in self.optimizer.variables].index(id(own._learning_rate))
            self._state[2][index] = self._place(jnp.asarray(rate, self._state[2][index].dtype))

    def infer(self, faces):
        """Logits with the moving statistics."""
        self.store()
        return np.asarray(self._infer(self._values(self._variables()[:2]), faces), np.float32)

    def observe(self, faces):
        """A forward pass as in training."""
        self.store()
        fixed = self._observe(self._values(self._variables()[:2]), faces)
        for variable, value in zip(self.model.non_trainable_variables, fixed, strict=True):
            variable.assign(value)

    def store(self):
        """Bring the trained arrays into the variables."""
        if self._state is not None:
            for group, values in zip(self._variables(), self._state, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable.assign(value)
            self._state = None
