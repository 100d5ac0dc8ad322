//! Questions are answered by this machine's own shell; verdicts are given on recorded answers.
