namespace Loggregator.Client;

/// <summary>A read that is not tried again by itself broke off, or could not begin.</summary>
public sealed class StreamBrokenException : LoggregatorException
{
    internal StreamBrokenException(string message)
        : base(message)
    {
    }
}
