"""The steps of a model (steps.make_steps) in PyTorch, eager, on the default device."""

import keras
import torch
import torch.nn.functional as functional


class Steps:
    """See steps.make_steps."""

    def __init__(self, model, optimizer, strategy):
        self.model, self.optimizer = model, optimizer
        if optimizer is not None:
            optimizer.build(model.trainable_variables)

    def train(self, faces, targets):
        """One optimizer step."""
        variables = self.model.trainable_variables
        targets = keras.ops.convert_to_tensor(targets)
        self.model.zero_grad()
        logits = self.model(keras.ops.convert_to_tensor(faces), training=True)
        loss = -(targets * functional.log_softmax(logits, dim=1)).sum() / len(targets)
        self.optimizer.scale_loss(loss).backward()
        with torch.no_grad():
            self.optimizer.apply([variable.value.grad for variable in variables], variables)
        return loss.detach(), (logits.argmax(dim=1) == targets.argmax(dim=1)).sum()

    def set_rate(self, rate):
        """The learning rate of the next steps."""
        self.optimizer.learning_rate = rate

    def infer(self, faces):
        """Logits with the moving statistics."""
        with torch.no_grad():
            return keras.ops.convert_to_numpy(self.model(keras.ops.convert_to_tensor(faces), training=False))

    def observe(self, faces):
        """A forward pass as in training."""
        with torch.no_grad():
            self.model(keras.ops.convert_to_tensor(faces), training=True)

    def store(self):
        """Nothing to do: the steps update the variables themselves."""
