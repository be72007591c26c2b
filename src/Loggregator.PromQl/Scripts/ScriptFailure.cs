namespace Loggregator.PromQl.Scripts;

/// <summary>An evaluation that was not as expected.</summary>
/// <param name="Line">Its line in the script.</param>
/// <param name="Expression">The expression.</param>
/// <param name="Form">In which form it failed, such as "as a range query", or "".</param>
/// <param name="Expected">What should have come.</param>
/// <param name="Got">What came.</param>
public sealed record ScriptFailure(int Line, string Expression, string Form, string Expected, string Got);
