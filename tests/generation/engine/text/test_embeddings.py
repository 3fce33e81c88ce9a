"""Textual-inversion embeddings: files read or refused, names found, vectors put where the encoder looks words up."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from generation.engine.loading.checkpoints import CheckpointCache, FolderWeights, LoadedCheckpoint
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.outcome import WeightsRefused
from generation.engine.text.conditioning import Conditioner, Prompted
from generation.engine.text.embeddings import read_embedding
from generation.prompting.chunking import Insert
from generation.recipes.picture import EmbeddingPick, Recipe
from tests.tiny_weights import tiny_checkpoint

SD = (768,)
SDXL = (768, 1280)


@pytest.fixture(scope="module")
def sd1() -> Iterator[LoadedCheckpoint]:
    yield from leased("sd1")


@pytest.fixture(scope="module")
def sdxl() -> Iterator[LoadedCheckpoint]:
    yield from leased("sdxl")


def leased(family: str) -> Iterator[LoadedCheckpoint]:
    cache = CheckpointCache(FolderWeights({family: tiny_checkpoint(family)}), budget_bytes=1)
    with cache.lease(family) as checkpoint:
        yield checkpoint


def rows(count: int, width: int, seed: int = 5) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) * 0.05


def saved(path: Path, **tensors: Tensor) -> Path:
    save_file(tensors, path)
    return path


def at_first_call(checkpoint: LoadedCheckpoint, recipe: Recipe, **files: Path) -> Prompted:
    source = FolderWeights(files)
    return Conditioner(checkpoint, LoraCache(source, 1), source).encode(recipe, 4).at(0)


def encoded_with_new_words(checkpoint: LoadedCheckpoint, number: int, ids: list[int], vectors: Tensor) -> Tensor:
    """The same ids through a copy of the encoder whose token table was made longer by `vectors`, padded to 77."""
    encoder = copy.deepcopy(checkpoint.text_encoders[number])
    tokenizer = checkpoint.tokenizers[number]
    table = encoder.get_input_embeddings()
    table.weight = torch.nn.Parameter(torch.cat([table.weight, vectors.to(table.weight)]), requires_grad=False)
    framed = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    framed += [tokenizer.pad_token_id] * (77 - len(framed))
    with torch.no_grad():
        output = encoder(torch.tensor([framed]), output_hidden_states=True)
    states: torch.Tensor = output.last_hidden_state if len(checkpoint.text_encoders) == 1 else output.hidden_states[-2]
    return states[0]


# Reading


@pytest.mark.parametrize("key", ["emb_params", "<my-cat>"])
def test_one_encoder_reads_a1111s_key_and_diffusers_own(tmp_path: Path, key: str) -> None:
    vectors = rows(3, 768)
    found = read_embedding(saved(tmp_path / "e.safetensors", **{key: vectors}), "my cat", "k", SD, 75)
    assert found.insert == Insert("k", 3)
    assert torch.equal(found.tensors[0], vectors)


def test_a_single_vector_may_come_without_its_row(tmp_path: Path) -> None:
    found = read_embedding(saved(tmp_path / "e.safetensors", emb_params=rows(1, 768)[0]), "one", "k", SD, 75)
    assert found.insert.vectors == 1


def test_sdxl_reads_a_tensor_for_each_encoder(tmp_path: Path) -> None:
    clip_l, clip_g = rows(2, 768), rows(2, 1280)
    found = read_embedding(saved(tmp_path / "e.safetensors", clip_g=clip_g, clip_l=clip_l), "two", "k", SDXL, 75)
    assert torch.equal(found.tensors[0], clip_l)
    assert torch.equal(found.tensors[1], clip_g)


@pytest.mark.parametrize(
    ("tensors", "widths", "reason"),
    [
        ({"emb_params": rows(2, 1024)}, SD, "width 1024, and this checkpoint reads 768"),
        ({"clip_l": rows(2, 768), "clip_g": rows(2, 1280)}, SD, "was made for SDXL"),
        ({"emb_params": rows(2, 768)}, SDXL, "was made for Stable Diffusion 1 or 2"),
        ({"clip_l": rows(2, 768), "clip_g": rows(3, 1280)}, SDXL, "a different number of vectors"),
        ({"clip_l": rows(2, 768)}, SD, "does not hold the tensors"),
        ({"a": rows(2, 768), "b": rows(2, 768)}, SD, "does not hold the tensors"),
        ({"emb_params": rows(2, 768) / 0}, SD, "not finite"),
        ({"emb_params": torch.ones(2, 768, dtype=torch.int32)}, SD, "rows of numbers"),
        ({"emb_params": torch.ones(2, 3, 768)}, SD, "rows of numbers"),
        ({"emb_params": torch.ones(0, 768)}, SD, "rows of numbers"),
        ({"emb_params": rows(76, 768)}, SD, "76 vectors, and one chunk of text holds 75"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    tmp_path: Path, tensors: dict[str, Tensor], widths: tuple[int, ...], reason: str
) -> None:
    path = saved(tmp_path / "e.safetensors", **tensors)
    with pytest.raises(WeightsRefused, match=reason) as refusal:
        read_embedding(path, "EasyNegative", "k", widths, 75)
    assert str(refusal.value).startswith("The embedding “EasyNegative” ")


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "e.pt"
    torch.save({"emb_params": rows(1, 768)}, path)
    with pytest.raises(WeightsRefused, match="no readable safetensors file"):
        read_embedding(path, "old", "k", SD, 75)


# Using


def test_its_vectors_stand_where_its_name_was_in_both_prompts(sd1: LoadedCheckpoint, tmp_path: Path) -> None:
    vectors = rows(3, 768)
    path = saved(tmp_path / "e.safetensors", emb_params=vectors)
    recipe = Recipe("a red Sun-Dog, cat", "the sun-dog", embeddings=(EmbeddingPick("sun-dog", "e"),))
    found = at_first_call(sd1, recipe, e=path)
    tokenizer = sd1.tokenizers[0]
    new = [len(tokenizer), len(tokenizer) + 1, len(tokenizer) + 2]
    a, red, comma, cat, the = (
        tokenizer.convert_tokens_to_ids(f"{word}</w>") for word in ("a", "red", ",", "cat", "the")
    )
    assert torch.equal(found.positive[0][0], encoded_with_new_words(sd1, 0, [a, red, *new, comma, cat], vectors))
    assert found.negative is not None
    assert torch.equal(found.negative, encoded_with_new_words(sd1, 0, [the, *new], vectors))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("By careless artist -neg", "BY careless  artist -neg, cat"),
        ("bad_hands_v1.3", "bad_hands_v1.3, cat"),
        ("negatif-é", "negatif-e\u0301, cat"),
        ("水墨🎨", "水墨🎨, cat"),
        ("style (v2)", r"style \(v2\), cat"),
    ],
)
def test_the_files_own_name_is_a_word_with_all_its_signs(
    sd1: LoadedCheckpoint, tmp_path: Path, name: str, text: str
) -> None:
    vectors = rows(2, 768)
    path = saved(tmp_path / "e.safetensors", emb_params=vectors)
    found = at_first_call(sd1, Recipe(text, embeddings=(EmbeddingPick(name, "e"),)), e=path)
    tokenizer = sd1.tokenizers[0]
    ids = [
        len(tokenizer),
        len(tokenizer) + 1,
        *(tokenizer.convert_tokens_to_ids(f"{word}</w>") for word in (",", "cat")),
    ]
    assert torch.equal(found.positive[0][0], encoded_with_new_words(sd1, 0, ids, vectors))


def test_the_encoder_is_left_as_it_was(sd1: LoadedCheckpoint, tmp_path: Path) -> None:
    plain = at_first_call(sd1, Recipe("a red sun-dog")).positive[0][0]
    path = saved(tmp_path / "e.safetensors", emb_params=rows(3, 768))
    recipe = Recipe("a red sun-dog", embeddings=(EmbeddingPick("sun-dog", "e"),))
    assert not torch.equal(at_first_call(sd1, recipe, e=path).positive[0][0], plain)
    assert torch.equal(at_first_call(sd1, Recipe("a red sun-dog ")).positive[0][0], plain)
    assert not sd1.text_encoders[0].get_input_embeddings()._forward_hooks


def test_two_embeddings_with_one_prefix(sd1: LoadedCheckpoint, tmp_path: Path) -> None:
    one, two = rows(1, 768), rows(2, 768, seed=6)
    files = {
        "o": saved(tmp_path / "o.safetensors", emb_params=one),
        "t": saved(tmp_path / "t.safetensors", emb_params=two),
    }
    picks = (EmbeddingPick("cat", "o"), EmbeddingPick("cat dog", "t"))
    found = at_first_call(sd1, Recipe("cat dog cat", embeddings=picks), **files)
    new = len(sd1.tokenizers[0])
    expected = encoded_with_new_words(sd1, 0, [new + 1, new + 2, new], torch.cat([one, two]))
    assert torch.equal(found.positive[0][0], expected)


def test_sdxl_gets_each_encoders_own_vectors(sdxl: LoadedCheckpoint, tmp_path: Path) -> None:
    clip_l, clip_g = rows(2, 768), rows(2, 1280)
    path = saved(tmp_path / "e.safetensors", clip_l=clip_l, clip_g=clip_g)
    found = at_first_call(sdxl, Recipe("the look, cat", embeddings=(EmbeddingPick("look", "e"),)), e=path)
    tokenizer = sdxl.tokenizers[0]
    the, comma, cat = (tokenizer.convert_tokens_to_ids(f"{word}</w>") for word in ("the", ",", "cat"))
    ids = [the, len(tokenizer), len(tokenizer) + 1, comma, cat]
    expected = [encoded_with_new_words(sdxl, 0, ids, clip_l), encoded_with_new_words(sdxl, 1, ids, clip_g)]
    assert torch.equal(found.positive[0][0], torch.cat(expected, dim=-1))


def test_it_can_be_weighted_and_scheduled(sd1: LoadedCheckpoint, tmp_path: Path) -> None:
    path = saved(tmp_path / "e.safetensors", emb_params=rows(2, 768))
    pick = (EmbeddingPick("EasyNegative", "e"),)
    source = FolderWeights({"e": path})
    conditioner = Conditioner(sd1, LoraCache(source, 1), source)
    negative = "[ : (EasyNegative:1.5):0.5], cat"
    run = conditioner.encode(Recipe("dog", negative, emphasis="no-norm", embeddings=pick), 10)
    before, after = run.at(5).negative, run.at(6).negative
    assert before is not None and after is not None
    without = at_first_call(sd1, Recipe("dog", " , cat", emphasis="no-norm")).negative
    assert without is not None and torch.equal(before, without)
    unweighted = at_first_call(sd1, Recipe("dog", "EasyNegative, cat", embeddings=pick), e=path).negative
    assert unweighted is not None
    factors = torch.ones(77, 1)
    factors[1:3] = 1.5
    assert torch.equal(after, unweighted * factors)


def test_a_file_that_does_not_fit_the_checkpoint_is_refused(sd1: LoadedCheckpoint, tmp_path: Path) -> None:
    path = saved(tmp_path / "e.safetensors", emb_params=rows(2, 1024))
    with pytest.raises(WeightsRefused, match="“Wide” has vectors of width 1024"):
        at_first_call(sd1, Recipe("a Wide cat", embeddings=(EmbeddingPick("Wide", "e"),)), e=path)


def test_a_file_that_is_gone_is_refused(sd1: LoadedCheckpoint, tmp_path: Path) -> None:
    with pytest.raises(WeightsRefused, match="embedding “Gone”"):
        at_first_call(sd1, Recipe("a Gone cat", embeddings=(EmbeddingPick("Gone", "e"),)))
