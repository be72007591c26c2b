namespace Loggregator.Client;

/// <summary>What this library throws when the world is not as it has to be. Wrong arguments are <see cref="ArgumentException"/>s.</summary>
public abstract class LoggregatorException : Exception
{
    private protected LoggregatorException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
