"""A device other than the CPU, for tests on machines that have none.

Its tensors hold real numbers, which the CPU computes, and say that they are elsewhere. As on a GPU, an
operation on tensors of both places is refused, NumPy sees none of them, and a generator draws only
where it is. The device is called "meta": of all devices but the CPU, autograd needs no driver for
that one. Numbers are float32 in both places, so that results are the same bit for bit.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import ClassVar

import pytest
import torch
from torch import Generator, Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

HERE, THERE = torch.device("cpu"), torch.device("meta")
CARRIERS = {"aten::_to_copy", "aten::copy_"}  # from one place to the other
INDEXERS = {"aten::index", "aten::index_put_", "aten::_index_put_impl_"}


class Elsewhere(Tensor):
    """A tensor that says it is THERE; what it holds is here."""

    @staticmethod
    def __new__(cls, held: Tensor):
        return Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(),
            dtype=held.dtype, layout=held.layout, device=THERE, requires_grad=held.requires_grad,
        )  # fmt: skip

    def __init__(self, held: Tensor):
        self.held = held

    __torch_function__ = torch._C._disabled_torch_function_impl

    def tolist(self):
        return self.cpu().tolist()

    def __reduce_ex__(self, protocol):  # in a file, which load_tensors brings here
        return self.held.__reduce_ex__(protocol)

    def __tensor_flatten__(self):
        return ["held"], None

    @staticmethod
    def __tensor_unflatten__(inner, context, size, stride):
        return Elsewhere(inner["held"])

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return carry_out(func, args, kwargs or {})


class GeneratorElsewhere(Generator):
    """A generator that says it is THERE."""

    device = THERE
    made: ClassVar[dict[int, Generator]] = {}  # by address, for operations are given another Python object


class AnyGenerator(Generator):
    """In place of torch.Generator: makes a generator here or THERE."""

    def __new__(cls, device=HERE):
        if torch.device(device) != THERE:
            return Generator.__new__(Generator, device)
        generator = Generator.__new__(GeneratorElsewhere)
        GeneratorElsewhere.made[generator._cdata] = generator
        return generator


class Device(TorchDispatchMode):
    """While it is on, tensors can be made THERE and brought there."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return carry_out(func, args, kwargs or {})


def carry_out(func, args: tuple, kwargs: dict):
    """One operation, on what its tensors hold; what it makes is where it takes place."""
    name = func._schema.name
    if func._can_decompose():  # in inference mode an operation that consists of others comes whole
        with Device():
            return func.decompose(*args, **kwargs)
    leaves = tree_leaves([args, kwargs])
    there = [isinstance(leaf, Elsewhere) for leaf in leaves if isinstance(leaf, Tensor)]
    to = torch.device(kwargs["device"]) if kwargs.get("device") is not None else None
    place = THERE if any(there) or to == THERE else HERE
    for generator in leaves:
        if isinstance(generator, Generator) and (generator._cdata in GeneratorElsewhere.made) != (place == THERE):
            raise RuntimeError(f"Expected a {place.type!r} device type for the generator of {name}.")
    if place == HERE:
        return func(*args, **kwargs)
    if name == "aten::_has_compatible_shallow_copy_type":
        return all(there)
    if name not in CARRIERS:
        refuse_mixed(name, args, leaves)
    held_args, held_kwargs = tree_map_only(Elsewhere, lambda tensor: tensor.held, (args, kwargs))
    made = func(*held_args, **held_kwargs if to is None else {**held_kwargs, "device": HERE})
    if name == "aten::copy_":
        return args[0]
    if to == HERE:
        return made
    made = tree_map_only(Tensor, Elsewhere, made)
    return return_and_correct_aliasing(func, args, kwargs, made) if any(there) else made


def refuse_mixed(name: str, args: tuple, leaves: list) -> None:
    """Tensors of both places; but a single number may be here, and so may the indices of what is THERE."""
    if name in INDEXERS and isinstance(args[0], Elsewhere):
        return
    here = [leaf for leaf in leaves if isinstance(leaf, Tensor) and not isinstance(leaf, Elsewhere)]
    if any(tensor.dim() for tensor in here):
        raise RuntimeError(f"Expected all tensors of {name} to be on the same device.")


def tensor(data, *, device=None, make=torch.tensor, **kwargs) -> Tensor:
    """In place of torch.tensor, which would make an empty one of meta's."""
    if device is not None and torch.device(device) == THERE:
        return make(data, **kwargs).to(THERE)
    return make(data, device=device, **kwargs)


class Autocast(torch.autocast):
    """In place of torch.autocast, which knows no meta: nothing is cast THERE."""

    def __new__(cls, device_type: str, *args, **kwargs):
        return contextlib.nullcontext() if device_type == THERE.type else super().__new__(cls)


@contextlib.contextmanager
def another_device(patch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """The device, as long as the context lasts."""
    for module in list(sys.modules.values()):
        if getattr(module, "Generator", None) is Generator and module.__name__.startswith(("torch", "vicreg")):
            patch.setattr(module, "Generator", AnyGenerator)
    optimizers = sys.modules[torch.optim.Optimizer.__module__]
    fused = optimizers._get_fused_kernels_supported_devices()
    patch.setattr(optimizers, "_get_fused_kernels_supported_devices", lambda: [*fused, THERE.type])
    patch.setattr(torch, "tensor", tensor)
    patch.setattr(torch, "autocast", Autocast)
    for bf16 in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        patch.setattr(torch.cpu, bf16, bool, raising=False)
    with Device():
        yield THERE
