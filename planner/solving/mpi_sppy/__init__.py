"""The whole stochastic program on mpi-sppy: its extensive form, its L-shaped method, its progressive hedging."""
