"""Buckets of clouds as Django storages, which behave as the folder of a single machine does; one module each."""
