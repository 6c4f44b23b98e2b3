"""Classical dynamics of opinions, stances and contagion on neighbour arrays, and their fit to the trajectory of a run."""

from socsim.dynamics.averaging import DeGroot, FriedkinJohnsen, HegselmannKrause
from socsim.dynamics.culture import Axelrod, NamingGame, SocialImpact
from socsim.dynamics.fitting import DynamicFit, Estimate, fit_adoptions, fit_opinions, fit_stances
from socsim.dynamics.graph import Neighbours, complete_graph, neighbours_from_edges
from socsim.dynamics.meeting import Deffuant, Repulsion
from socsim.dynamics.running import Dynamic, Trajectory, consensus, run, settled
from socsim.dynamics.spreading import SIR, ComplexContagion, IndependentCascade, Thresholds
from socsim.dynamics.voting import MajorityRule, NoisyVoter, QVoter, Sznajd, Voter

__all__ = [
    "SIR",
    "Axelrod",
    "ComplexContagion",
    "DeGroot",
    "Deffuant",
    "Dynamic",
    "DynamicFit",
    "Estimate",
    "FriedkinJohnsen",
    "HegselmannKrause",
    "IndependentCascade",
    "MajorityRule",
    "NamingGame",
    "Neighbours",
    "NoisyVoter",
    "QVoter",
    "Repulsion",
    "SocialImpact",
    "Sznajd",
    "Thresholds",
    "Trajectory",
    "Voter",
    "complete_graph",
    "consensus",
    "fit_adoptions",
    "fit_opinions",
    "fit_stances",
    "neighbours_from_edges",
    "run",
    "settled",
]
