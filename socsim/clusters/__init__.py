"""Runs on several machines: worlds as tasks and engines as actors of a Ray cluster, with one door between them.

Modules: `planning` (what goes where), `couriers` (many calls in few messages), `engines` (a pool of replicas), `door` (which all
calls of a run pass), `worlds` (what one task does) and `on_ray`, the only one that knows Ray.
"""
