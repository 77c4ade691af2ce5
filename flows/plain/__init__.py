"""The stages of each flow in their order, as plain functions that do not import Prefect."""
