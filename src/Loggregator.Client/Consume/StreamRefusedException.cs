namespace Loggregator.Client;

/// <summary>The server refused the request for good: trying again would not help.</summary>
public sealed class StreamRefusedException : LoggregatorException
{
    internal StreamRefusedException(string message)
        : base(message)
    {
    }
}
