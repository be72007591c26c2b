namespace Loggregator.PromQl.Scripts;

/// <summary>What became of the evaluations of a script.</summary>
/// <param name="Passed">How many were as expected.</param>
/// <param name="Failures">The others.</param>
/// <param name="Skipped">Those that need native histograms.</param>
public sealed record ScriptOutcome(int Passed, IReadOnlyList<ScriptFailure> Failures, IReadOnlyList<(int Line, string Expression)> Skipped);
