namespace Loggregator.Nozzle.Spool;

/// <summary>A spool cannot be opened, or ended before something was stored; the message says why and what helps.</summary>
internal sealed class SpoolException : Exception
{
    /// <summary>An error in words for an operator.</summary>
    public SpoolException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
