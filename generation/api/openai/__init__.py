"""The API in OpenAI's words, at /v1/: each request becomes a recipe, and goes the way of every other submission."""
