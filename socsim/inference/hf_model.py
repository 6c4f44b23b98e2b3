"""A causal language model of the transformers library: batches in, log-probabilities and sampled tokens out.

Knows tokens, not prompts. Rows of a batch are padded on the left, with position numbers and a mask that leave each row's
numbers as they would be alone. Every method blocks: call them from one thread.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from socsim.inference.types import SamplingParams

__all__ = ["Batch", "HfModel", "Writing"]


@dataclass(slots=True)
class Writing:
    """A text on its way: prompt, how it is drawn, and what is there of it. ``gone`` tells that nobody waits any more."""

    ids: Sequence[int]
    sampling: SamplingParams
    seed: int
    ends: frozenset[int]
    decode: Callable[[Sequence[int]], str]
    gone: Callable[[], bool] = lambda: False
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: str = ""

    def take(self, token: int) -> None:
        """Go on with a token, or end."""
        if token in self.ends:
            self.finish_reason = "stop"
            return
        self.tokens.append(token)
        self.text = self.decode(self.tokens)
        found = [self.text.find(stop) for stop in self.sampling.stop if stop and stop in self.text]
        if found:
            self.text = self.text[: min(found)]
            self.finish_reason = "stop"
        elif len(self.tokens) >= self.sampling.max_tokens:
            self.finish_reason = "length"
            self.text = self.text.rstrip("\N{REPLACEMENT CHARACTER}")


Batch = Sequence[Sequence[int]]


class HfModel:
    """The model itself.

    Args:
        model: a causal language model, on its device, in evaluation mode.
        pad: a token id for padding; which one does not matter.
    """

    def __init__(self, model: Any, pad: int) -> None:
        self.model = model
        self._pad = pad
        self._cache_name = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"

    def logprobs(self, rows: Batch, wanted: Sequence[int]) -> list[Any]:
        """For each row the log-probabilities, over the whole vocabulary, of what follows its last ``wanted`` tokens.

        Args:
            rows: token ids, none empty.
            wanted: for each row, how many of its last positions are read, at least 1.

        Returns:
            For each row an array of shape (wanted, vocabulary), natural logarithms, float32.
        """
        import torch

        with torch.inference_mode():
            inputs = self._padded(rows)
            most = max(wanted)
            logits = self.model(**inputs, use_cache=False, logits_to_keep=most).logits.float()
            values = torch.log_softmax(logits, dim=-1).cpu().numpy()
        return [values[number, values.shape[1] - count :] for number, count in enumerate(wanted)]

    def write(self, texts: Sequence[Writing]) -> None:
        """Draw texts side by side, token by token, until each has ended or nobody waits for any."""
        import torch

        generators = [torch.Generator().manual_seed(one.seed) for one in texts]
        with torch.inference_mode():
            inputs = self._padded([one.ids for one in texts])
            cache = None
            step = inputs["input_ids"]
            while True:
                found = self.model(
                    input_ids=step,
                    attention_mask=inputs["attention_mask"],
                    position_ids=inputs["position_ids"],
                    use_cache=True,
                    logits_to_keep=1,
                    **{self._cache_name: cache},
                )
                cache = getattr(found, self._cache_name)
                logits = found.logits[:, -1].float().cpu()
                drawn = [self._draw(logits[n], one, generators[n]) for n, one in enumerate(texts)]
                if all(one.finish_reason or one.gone() for one in texts):
                    return
                step = torch.tensor(drawn, device=step.device)[:, None]
                mask = inputs["attention_mask"]
                inputs["attention_mask"] = torch.cat([mask, mask.new_ones((len(texts), 1))], dim=1)
                inputs["position_ids"] = inputs["position_ids"][:, -1:] + 1

    def embed(self, rows: Batch) -> list[tuple[float, ...]]:
        """Mean of the last hidden states over each row's tokens, scaled to length 1."""
        import torch

        with torch.inference_mode():
            inputs = self._padded(rows)
            hidden = self.model(**inputs, use_cache=False, output_hidden_states=True, logits_to_keep=1).hidden_states[-1].float()
            mask = inputs["attention_mask"][..., None].float()
            means = torch.nn.functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)
        return [tuple(map(float, row)) for row in means.cpu().tolist()]

    def _padded(self, rows: Batch) -> dict[str, Any]:
        import torch

        longest = max(len(row) for row in rows)
        ids = torch.full((len(rows), longest), self._pad, dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, longest - len(row) :] = torch.tensor(list(row), dtype=torch.long)
            mask[number, longest - len(row) :] = 1
        positions = (mask.cumsum(dim=-1) - 1).clamp(min=0)
        device = self.model.device
        return {"input_ids": ids.to(device), "attention_mask": mask.to(device), "position_ids": positions.to(device)}

    def _draw(self, logits: Any, one: Writing, generator: Any) -> int:
        if one.finish_reason or one.gone():
            return self._pad
        token = draw_token(logits, one.sampling, [*one.ids, *one.tokens], generator)
        one.take(token)
        return token


def draw_token(logits: Any, sampling: SamplingParams, before: Sequence[int], generator: Any) -> int:
    """One token from logits: penalty, temperature, then top-k, top-p and min-p cuts, then a draw.

    Args:
        logits: one number per token of the vocabulary.
        sampling: how it is drawn; temperature 0 takes the likeliest.
        before: tokens of prompt and text so far, for the repetition penalty (Keskar et al. 2019).
        generator: the text's own random numbers.
    """
    import torch

    if sampling.repetition_penalty != 1.0 and before:
        seen = torch.tensor(sorted(set(before)), dtype=torch.long)
        values = logits[seen]
        logits = logits.clone()
        logits[seen] = torch.where(values > 0, values / sampling.repetition_penalty, values * sampling.repetition_penalty)
    if sampling.temperature == 0.0:
        return int(logits.argmax())
    p = torch.softmax(logits / sampling.temperature, dim=-1)
    if 0 < sampling.top_k < p.numel():
        p = torch.where(p >= torch.topk(p, sampling.top_k).values[-1], p, 0.0)
    if sampling.top_p < 1.0:
        ordered, index = torch.sort(p / p.sum(), descending=True)
        beyond = ordered.cumsum(dim=-1) - ordered >= sampling.top_p
        p[index[beyond]] = 0.0
    if sampling.min_p > 0.0:
        p = torch.where(p >= sampling.min_p * p.max(), p, 0.0)
    return int(torch.multinomial(p, 1, generator=generator))
