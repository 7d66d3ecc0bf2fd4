"""Which objects a value may be: the heart of the linker.

Terms. A *value* is an expression of one file (``lcmemlint.values``); an *object* is what it may be at run time
(``lcmemlint.link.objects``). *Stores* are places that keep objects: attributes of instances, items of collections.
*Fills* are the arguments that the calls of the project hand to each parameter.

Algorithm. ``Evaluator.value`` follows names, attributes, items and calls on demand and remembers its answers. Names are
looked up in their scope, with those bindings that may reach the statement. Parameters and stores depend on calls and
assignments elsewhere, so ``solve`` sweeps all calls and assignments of the project, and then again those that asked
for something that was learnt later, until nothing new is learnt. A question that leads back to itself (recursion,
``self.x = f(self.x)``) is answered by what the sweep before found. Answers never depend on the order of files: sweeps
go by sorted path.

Modules. ``evaluator`` is the face, and knows which kind of value is whose: ``bindings`` answers for names, ``params``
for parameters and annotations, ``members`` for attributes, ``classes`` for classes and their instances, ``containers``
for items, ``calls`` for results. ``sweep`` fills the tables of ``learnt``; ``questions`` remembers answers, and who
depends on them.
"""

from __future__ import annotations

from lcmemlint.link.evaluate.evaluator import Evaluator
from lcmemlint.link.evaluate.sites import Edge, Site, Stored

__all__ = ["Edge", "Evaluator", "Site", "Stored"]
