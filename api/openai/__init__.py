"""The façade that the unchanged OpenAI SDK speaks to."""
