"""Reading text: terms, sentences, dates, entities and languages."""
