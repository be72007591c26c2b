namespace Loggregator.Client;

/// <summary>A certificate, key or CA file cannot be used. The message names the file and the cure.</summary>
public sealed class CredentialsException : LoggregatorException
{
    internal CredentialsException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
