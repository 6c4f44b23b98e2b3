"""The commented file that a new scenario starts from."""

from __future__ import annotations

__all__ = ["starter_text"]

_STARTER = """\
# Question: do neighbours' messages move opinions?
# Source:   none; a first scenario to change as you like.
# Command:  socsim run FILE
# Duration: about two minutes on two processor cores with the default model.
#
# `socsim validate FILE` names every mistake with its line; `socsim preview FILE --agent 3 --step 2` prints the exact prompt.

socsim: 1                       # version of the format
name: first_scenario            # begins the name of the run folder
question: Do neighbours' messages move opinions?
source: none
seed: 1                         # the same seed draws the same people, ties and answers
replicates: 1                   # worlds with other draws; conclusions need at least five

population:
  size: 20
  data: statsmodels/anes96      # 944 respondents of the 1996 American National Election Study; or a CSV file beside this one
  facts:                        # what prompts may say about a person: name -> column of the data
    age: {column: age, unit: years}
    schooling: {column: educ, labels: anes96.educ}
    party: {column: PID, labels: anes96.pid}
  reference:                    # held back: never shown, used to check answers against reality
    ideology: selfLR
  persona:
    renderer: second_person     # none, attributes, second_person, first_person, json or document
    facts: [age, schooling, party]

network:
  graph: {watts_strogatz: {k: 4, p: 0.0}}   # a ring: everybody reads the two people on either side
  place: {by: random}

items:
  services:
    type: ordinal               # options from low to high; quote options that are numbers or words like "yes"
    text: "The government should provide fewer services in order to reduce spending."
    options: ["disagree", "neither agree nor disagree", "agree"]
    readout:
      method: logprob           # probabilities of the options, read from the model
      orders: both_directions   # asked in both directions, with two sets of labels, and averaged
      labels: [letters, digits]

schedule:                       # each repetition of each phase is one step
  - phase: before
    ask: [services]
  - phase: talk
    repeat: 3
    activation: simultaneous
    interaction: {kind: neighbours, see: messages, from: previous_step, at_most: 2}
    remember: [own_last_message, own_last_answer]
    ask: [services]
    say: {max_tokens: 28}

arms: [treatment, alone]        # `alone`: the same people write and answer, but read nobody
baselines: [degroot]

failures: {retry: 1, then: exclude, complete_below: 0.05}

inference:
  engine: embedded              # runs in this process, without a key or a network connection
  model: smollm2-135m
  profiles:
    say: {temperature: 0.8}
"""


def starter_text() -> str:
    """A small valid scenario with comments: 20 survey respondents on a ring who talk about one statement."""
    return _STARTER
