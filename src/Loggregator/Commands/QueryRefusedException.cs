namespace Loggregator.Commands;

/// <summary>The server does not answer a query; the message is its own.</summary>
/// <param name="message">Why.</param>
/// <param name="byItsFault">Whether the query is at fault, not its evaluation.</param>
internal sealed class QueryRefusedException(string message, bool byItsFault) : Exception(message)
{
    /// <summary>Whether the query itself is wrong, so that it can never be answered.</summary>
    public bool ByItsFault { get; } = byItsFault;
}
