# The linear sets of NIST by lm(): one line a set, coefficients | standard errors, in 17 digits.
# Called by compare.py where R is installed.
folder <- commandArgs(trailingOnly = TRUE)[1]
for (file in list.files(folder, "\\.csv$", full.names = TRUE)) {
  lines <- readLines(file)
  model <- sub("# formula: ", "", lines[grepl("^# formula", lines)])
  if (grepl("powers", model)) {
    k <- as.integer(sub(".*, (\\d+)\\)", "\\1", model))
    model <- paste("y ~", paste(sprintf("I(x^%d)", 1:k), collapse = " + "))
  }
  fit <- lm(as.formula(model), data = read.csv(file, comment.char = "#"))
  errors <- suppressWarnings(summary(fit))$coefficients[, 2]
  if (length(errors) < length(coef(fit))) errors <- rep(NA, length(coef(fit)))
  cat(sub("\\.csv$", "", basename(file)), sprintf("%.17g", coef(fit)), "|", sprintf("%.17g", errors), "\n")
}
