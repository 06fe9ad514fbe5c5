"""CUDA graphs on the CPU, for tests: what torch.cuda does with a recorded step, operation by operation.

As on a GPU, what is recorded does not happen until it is replayed; a replay repeats the operations on
the memory they were recorded with, whatever Python would do by then; registered generators draw on.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
from types import SimpleNamespace

import pytest
import torch
from torch import Generator, Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

UNDECLARED = ("running_mean", "running_var")  # written by batch normalisation, whose schema does not say so


class Graph(TorchDispatchMode):
    """In place of torch.cuda.CUDAGraph."""

    def __init__(self):
        super().__init__()
        self.generators: list[Generator] = []
        self.operations: list = []
        self.before: dict[int, tuple[Tensor, Tensor]] = {}

    def register_generator_state(self, generator: Generator) -> None:
        self.generators.append(generator)

    def __enter__(self):
        self.states = [generator.get_state() for generator in self.generators]
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.set_state(state)
        with torch.inference_mode():
            for written, content in self.before.values():
                written.copy_(content)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        names = func._schema.arguments
        given = [*zip(names, args, strict=False), *((a, kwargs[a.name]) for a in names if a.name in kwargs)]
        for argument, value in given:
            if (argument.alias_info and argument.alias_info.is_write) or argument.name in UNDECLARED:
                for tensor in tree_leaves(value):
                    self.before.setdefault(tensor.data_ptr(), (tensor, tensor.clone()))
        drawn_before = [generator.get_state() for generator in self.generators]
        made = func(*args, **kwargs)
        if any(isinstance(value, Generator) for _, value in given):
            drew = [not torch.equal(g.get_state(), b) for g, b in zip(self.generators, drawn_before, strict=True)]
            assert any(drew), "a generator that is not registered"
        inputs = {storage(value) for value in tree_leaves([args, kwargs])}
        view = any(r.alias_info and not r.alias_info.is_write for r in func._schema.returns)
        if not (view and storage(made) in inputs):  # "contiguous" and others of its kind may copy
            self.operations.append((func, args, kwargs, made))
        return made

    def replay(self) -> None:
        with torch.inference_mode():
            for func, args, kwargs, recorded in self.operations:
                made = func(*args, **kwargs)
                for old, new in zip(tree_leaves(recorded), tree_leaves(made), strict=True):
                    if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                        old.copy_(new)


def storage(value) -> int | None:
    return value.untyped_storage().data_ptr() if isinstance(value, Tensor) else None


def record_on_the_cpu(patch: pytest.MonkeyPatch) -> list[Graph]:
    """Let torch.cuda's graphs and streams work without a GPU; the graphs that will be made."""
    graphs = []

    def new() -> Graph:
        graphs.append(Graph())
        return graphs[-1]

    stream = SimpleNamespace(wait_stream=lambda other: None)
    patch.setattr(torch.cuda, "CUDAGraph", new)
    patch.setattr(torch.cuda, "graph", lambda graph, **options: graph)
    patch.setattr(torch.cuda, "Stream", lambda device=None: stream)
    patch.setattr(torch.cuda, "current_stream", lambda device=None: stream)
    patch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    return graphs
