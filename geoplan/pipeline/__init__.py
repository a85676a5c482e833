"""The jobs, each on one screen: gather, walks, evaluate, plan sites."""
