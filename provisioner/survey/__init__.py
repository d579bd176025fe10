"""Machines that no plan knows yet: who they are, what they are made of, and the first plan that names them.

targets (what a person wrote) -> reach (where ssh goes) -> look (facts) -> sorting (who can be a node)
-> proposal (tiers, controller, network) -> text (plan.yml)
"""
