"""Reading text in many languages: terms, sentences, dates, names, and what a question wants."""
