"""What each chapter depends on: a new import that ties chapters to more than they use is seen here.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest

from reporting.errors import set_root, shown
from reporting.plan.imports import read_imports
from reporting.read.percent import find_chapters, read_chapter
from vicreg.runtime.paths import PROJECT

IMAGES = "data datasets/cifar10 datasets/copies datasets/decode datasets/files"
FILES = "runtime/atomic runtime/cache runtime/errors runtime/paths runtime/progress"
WEIGHTS = "augment experiments history latent_codes model runtime/tensor_files weights"
EMBEDDING = "representations runtime/amx_convolution runtime/batching runtime/device runtime/validation"
COMPARED = "chapters/_compared plots/figures"
KINDS = "chapters/_kinds"
MEASURED = "chapters/_pretraining runtime/text"
CODES = "latent patch_features views"
ALL = f"{IMAGES} {FILES} {WEIGHTS}"
EXPECTED = {
    "01_training": (
        "downstream/batch_statistics loss plots/figures plots/interactive runtime/device runtime/distributed "
        "runtime/speed step views"
    ),
    "02_visualization": f"{EMBEDDING} {KINDS} downstream/retrieval downstream/tsne plots/figures plots/interactive",
    "03_linear_probing": f"{EMBEDDING} {MEASURED} downstream/probe plots/figures",
    "04_no_variance": f"{EMBEDDING} {MEASURED} downstream/appearance downstream/probe plots/figures",
    "05_latent_optimization": f"{EMBEDDING} {CODES} downstream/laplacian downstream/probe downstream/retrieval runtime/float32",
    "06_no_generated_neighbors": (
        f"{EMBEDDING} {COMPARED} {MEASURED} downstream/invariance downstream/probe downstream/retrieval"
    ),
    "07_laplacian_eigenmaps": (
        f"{EMBEDDING} {CODES} {KINDS} downstream/laplacian downstream/probe downstream/retrieval downstream/tsne "
        "plots/figures runtime/float32"
    ),
    "08_retrieval": f"{EMBEDDING} {COMPARED} {KINDS} {MEASURED} downstream/appearance downstream/retrieval",
    "09_anomaly_detection": (
        f"{EMBEDDING} {COMPARED} {MEASURED} datasets/mnist digits downstream/anomaly downstream/appearance "
        "downstream/laplacian downstream/retrieval plots/interactive runtime/float32"
    ),
    "10_clustering": f"{EMBEDDING} {COMPARED} {MEASURED} downstream/clustering downstream/retrieval downstream/tsne",
}
ONLY = {
    "11_pretraining": f"{MEASURED} plots/figures runtime/atomic runtime/errors runtime/paths",  # neither images nor weights
    "12_closing": f"{MEASURED} {WEIGHTS} runtime/atomic runtime/errors runtime/paths",  # no images
}


@pytest.fixture(scope="module")
def modules():
    set_root(PROJECT)
    chapters = [read_chapter(path) for path in find_chapters(PROJECT / "chapters")]
    imported = {chapter.name: read_imports(chapter, PROJECT).modules for chapter in chapters}
    return {
        name: {
            shown(path).removeprefix("vicreg/").removesuffix(".py")
            for path in paths
            if path.name != "__init__.py"
        }
        for name, paths in imported.items()
        if paths
    }


def test_every_chapter_is_listed(modules):
    assert set(modules) == {*EXPECTED, *ONLY}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_chapter_depends_on_what_it_uses(modules, name):
    assert modules[name] == set(f"{ALL} {EXPECTED[name]}".split())


def test_chapters_that_say_what_was_trained_and_measured_depend_on_no_images(modules):
    assert {name: modules[name] for name in ONLY} == {name: set(used.split()) for name, used in ONLY.items()}


def test_packages_hold_nothing_that_would_run_every_chapter():
    for path in PROJECT.glob("vicreg/**/__init__.py"):
        assert "import" not in path.read_text(encoding="utf-8"), path
