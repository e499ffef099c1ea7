"""The jobs of a user, each written once: a frozen request becomes a Job of a result.

A command of core.commands fills the request from words, a controller of gui.controllers from
widgets; both show the same result. No rule of the domain stands in either.
"""
