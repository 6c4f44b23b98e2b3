"""Classical dynamics of opinions, conventions and contagion on a network, without any language model.

Each model is a frozen value with a method ``step``; `simulate` carries one out. ``ties`` says whom every agent reads (see
`socsim.network.ties.Ties`). One step is one sweep: where models act at once, everybody; where they act one after another, as many
encounters as there are agents. All randomness comes from the generator that is given.
"""

from socsim.dynamics.contagion import SIR, ComplexContagion, IndependentCascade, WattsThreshold
from socsim.dynamics.continuous import BoundedRepulsion, Deffuant, DeGroot, FriedkinJohnsen, HegselmannKrause
from socsim.dynamics.discrete import Majority, NoisyVoter, QVoter, SocialImpact, Sznajd, Voter
from socsim.dynamics.features import Axelrod, NamingGame
from socsim.dynamics.simulating import Dynamics, clusters_of, simulate

__all__ = [
    "SIR",
    "Axelrod",
    "BoundedRepulsion",
    "ComplexContagion",
    "DeGroot",
    "Deffuant",
    "Dynamics",
    "FriedkinJohnsen",
    "HegselmannKrause",
    "IndependentCascade",
    "Majority",
    "NamingGame",
    "NoisyVoter",
    "QVoter",
    "SocialImpact",
    "Sznajd",
    "Voter",
    "WattsThreshold",
    "clusters_of",
    "simulate",
]
