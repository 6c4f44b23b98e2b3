# %% [markdown]
# # An experiment, scripted
#
# Do people who read more of their neighbours speak up less often, and does it matter how they are asked to write? Three network
# densities by two requests, five replicates, with a class of agents and a measure of our own. Open this file as a notebook (every
# editor that knows `# %%` cells can), or run it:
#
#     python docs/experiment.py --out runs/voices              # the embedded model: six and a half minutes on two processors
#     python docs/experiment.py --out /tmp/voices --scripted   # made-up replies, in seconds, to try things out

# %%
import argparse
from pathlib import Path

import pandas as pd
import plotly.express as px
from socsim_analysis.replicates import replicates_for
from socsim_analysis.sweeps import sweep_table

from socsim import Observation, Run, Scenario, ScriptedEngine, SocialAgent, run
from socsim.items import Response

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--scripted", action="store_true")
chosen = parser.parse_args()

# %% [markdown]
# ## The study
#
# A scenario written as Python data is checked like a file. The sweep is a 3 × 2 factorial: a field of the network, and a factor
# of our own whose levels change a prompt. All six variants of a replicate share their people and their random numbers.

# %%
STUDY = Scenario.model_validate(
    {
        "socsim": 1,
        "name": "voices",
        "question": "Do people who read more of their neighbours speak up less often?",
        "seed": 7,
        "replicates": 5,
        "population": {
            "size": 8,
            "data": "statsmodels/anes96",
            "facts": {"age": {"column": "age", "unit": "years"}, "party": {"column": "PID", "labels": "anes96.pid"}},
            "persona": {"renderer": "second_person", "facts": ["age", "party"]},
        },
        "network": {"graph": {"watts_strogatz": {"k": 2, "p": 0.1}}},
        "memory": {"kind": "last", "k": 3, "what": ["said", "did"]},
        "items": {
            "bus": {
                "type": "ordinal",
                "text": "Buses in our town should be free of charge.",
                "options": ["strongly disagree", "disagree", "neither", "agree", "strongly agree"],
                "readout": {"labels": ["letters"], "orders": "both_directions"},
            }
        },
        "schedule": [
            {
                "phase": "talk",
                "repeat": 2,
                "interaction": {"kind": "neighbours"},
                "remember": ["memory"],
                "ask": ["bus"],
                "say": {"max_tokens": 20},
            }
        ],
        "sweep": {
            "vary": {
                "network.graph.watts_strogatz.k": [2, 4, 6],
                "request": {
                    "calm": {"prompts": {"say": "Write one calm sentence about this: {topic}"}},
                    "heated": {"prompts": {"say": "Write one heated sentence about this: {topic}"}},
                },
            }
        },
    }
)


# %% [markdown]
# ## People of our own
#
# Each asks itself first whether to speak at all (a call whose answer is recorded among the answers as `speak`), answers the item,
# and then writes, or keeps silent, which is an action like any other. `declared = True` says that the class looks at nothing but
# its observation, so that turns may be taken as soon as what they read is settled.


# %%
class Hesitant(SocialAgent):
    declared = True

    async def act(self, observation: Observation) -> None:
        speaks = await self.choose("speak", "Do you say something to your neighbours today?", ["yes", "no"])
        for item in observation.asks:
            await self.ask(item)
        if not isinstance(speaks, Response):
            self.effects.fail("speak")  # no answer is not silence
        elif speaks.option == "yes":
            await self.say()
        else:
            self.effects.do("nothing")


# %%
engine = ScriptedEngine() if chosen.scripted else None
done: Run = run(STUDY, out=chosen.out, engine=engine, agent_class=Hesitant, report=True)
print(done.status, len(done.calls), "calls")

# %% [markdown]
# ## A measure of our own, from the tidy tables
#
# *Voice* is the share of those who answered whether they speak who then did. One number for each world, with its factors.

# %%
factors = pd.DataFrame([{"arm": arm.name, **arm.factors} for arm in done.scenario.arms]).rename(
    columns={"network.graph.watts_strogatz.k": "neighbours"}
)
asked = done.responses[(done.responses["item"] == "speak") & (done.responses["status"] == "answered")]
voice = (
    asked.assign(voice=asked["option"] == "yes")
    .groupby(["arm", "replicate"])["voice"]
    .mean()
    .reset_index()
    .merge(factors, on="arm")
)

# %% [markdown]
# ## Paired differences
#
# Within a replicate, the six variants have the same people and draws, so the effect of density is taken within replicates. How
# many replicates would show a difference of a tenth?

# %%
wide = voice.pivot_table(index="replicate", columns="neighbours", values="voice")
difference = wide[6] - wide[2]
print(f"voice at 6 neighbours minus voice at 2: {difference.mean():+.3f} (SD over replicates {difference.std():.3f})")
if difference.std() > 0:
    print(replicates_for(float(difference.std()), 0.1, pilot=len(difference)))
else:
    print("the difference is the same in all replicates, so this says nothing of how many would be needed")
effects = sweep_table(done, "bus")
print(effects.loc[effects["quantity"] == "mean", ["factor", "level", "reference", "effect", "low", "high"]].to_string())

# %%
figure = px.strip(voice, x="neighbours", y="voice", color="request", hover_data=["replicate"], title="Who speaks up")
figure.write_html(chosen.out / "voice.html", include_plotlyjs="cdn")
opinions = done.responses[done.responses["item"] == "bus"].merge(factors, on="arm")
lines = opinions.groupby(["neighbours", "request", "step"])["expected"].mean().reset_index()
px.line(lines, x="step", y="expected", color="neighbours", facet_col="request").write_html(
    chosen.out / "opinions.html", include_plotlyjs="cdn"
)
