"""Prompts in, pixels out: models and their pins, the engine that draws, who admits work and who leases it.

What belongs here: everything that knows torch or diffusers, the job table and its leases, what becomes of a picture until it is
sealed. What does not: HTTP and read models. The engine knows neither Kafka, PostgreSQL nor the key store, and no secret.
"""
