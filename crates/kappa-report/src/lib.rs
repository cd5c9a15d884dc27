//! Results to text, JSON, CSV, Markdown and one-file HTML
