//! What a checkpoint means: layers, their roles, and a survey of their weights
