"""Several processes and one model, under `torchrun`: each looks at its part of a batch, the loss is over all of it.

A contrastive loss cannot be averaged over parts of a batch, as every image is compared with every caption. So the
features of all ranks are gathered, each rank computes the whole loss L, and what flows back through the gathering
is the derivative of the *sum* of the ranks' losses, count · L. Dividing by the count at the end (`average`) gives
the gradient of one process that held the whole batch, to rounding. A gathering that cuts the graph, as
`torch.distributed.all_gather` does, lets each rank see only its own rows: 1 / count of the gradient.
"""

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import nn


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this one is; one process alone needs no `torchrun` and no network."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.rank == 0

    def part(self, batch: int) -> slice:
        """Give the rows of a batch that this rank looks at: the batch is cut in the order of the ranks.

        >>> Ranks(1, 2).part(128)
        slice(64, 128, None)
        """
        if batch % self.count:
            raise ValueError(f"a batch of {batch} cannot be shared among {self.count} processes: give a multiple")
        each = batch // self.count
        return slice(self.rank * each, (self.rank + 1) * each)

    def gather(self, x: Float[torch.Tensor, "m d"]) -> Float[torch.Tensor, "n d"]:
        """Give the rows of all ranks, in their order, so that gradients flow back to the rank they came from."""
        return x if self.count == 1 else _Gathered.apply(x, self.rank, self.count)

    def average(self, weights: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the ranks, in one message."""
        if self.count == 1:
            return
        grads = [w.grad for w in weights if w.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in grads])
        dist.all_reduce(flat)
        flat /= self.count
        for grad, mean in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            grad.copy_(mean.view(grad.shape))

    def wait(self) -> None:
        """Go on when all ranks have come here."""
        if self.count > 1:
            dist.barrier()

    def told(self, value):
        """Give every rank what the first one says."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]


@contextmanager
def entered(device: str = "cpu") -> Iterator[Ranks]:
    """Join the other processes if `torchrun` started this one (gloo on CPUs, NCCL on GPUs), else be alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    if dist.is_initialized():  # somebody further up has joined, and will leave
        yield Ranks(dist.get_rank(), dist.get_world_size())
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
        # A rank that ends while gloo's threads still hold its last tensors is aborted as Python shuts down:
        # an exchange that holds none, and what is left collected, come before the end.
        dist.barrier()
        gc.collect()
    finally:
        dist.destroy_process_group()


def share_norms(module: nn.Module, ranks: Ranks) -> nn.Module:
    """Let every batch norm below take its mean and variance over the whole batch, whatever rank holds it.

    With statistics of its own part each rank would train another function than one process does; torch's own
    `SyncBatchNorm` does the same for GPUs alone.
    """
    if ranks.count > 1:
        for parent in list(module.modules()):
            for name, child in list(parent.named_children()):
                if type(child) is nn.BatchNorm2d:
                    setattr(parent, name, SharedBatchNorm(child, ranks.count))
    return module


class SharedBatchNorm(nn.Module):
    """A batch norm over the images of all ranks; weights and buffers are those of the one it stands for."""

    def __init__(self, norm: nn.BatchNorm2d, count: int):
        super().__init__()
        self.weight, self.bias, self.count = norm.weight, norm.bias, count
        self.eps, self.momentum = norm.eps, norm.momentum
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)

    def forward(self, x: Float[torch.Tensor, "m c h w"]) -> Float[torch.Tensor, "m c h w"]:
        """Standardise each channel over all ranks' images while training, by the running statistics after."""
        if not self.training:
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        n = self.count * x.numel() // x.shape[1]  # numbers behind each channel's mean
        mean = _Summed.apply(x.float().sum((0, 2, 3))) / n
        centred = x - mean[:, None, None]
        # squares of what is centred: E[x²] - E[x]² would lose digits
        spread = _Summed.apply(centred.float().square().sum((0, 2, 3))) / n
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(spread * (n / (n - 1)), self.momentum)
            self.num_batches_tracked += 1
        gain = self.weight * (spread + self.eps).rsqrt()
        return (centred * gain[:, None, None] + self.bias[:, None, None]).to(x.dtype)


class _Gathered(torch.autograd.Function):
    """Rows of all ranks forwards; the sum of all ranks' derivatives, own rows of it, backwards."""

    @staticmethod
    def forward(ctx, x, rank, count):
        ctx.own = slice(rank * len(x), (rank + 1) * len(x))
        parts = [torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(count)]
        dist.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, grad):
        total = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total[ctx.own], None, None


class _Summed(torch.autograd.Function):
    """The sum over all ranks, forwards and backwards."""

    @staticmethod
    def forward(ctx, x):
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, grad):
        total = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total
