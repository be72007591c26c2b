using System.Text;

namespace Loggregator.Client;

/// <summary>A log line.</summary>
public sealed class LogEnvelope : Envelope
{
    /// <summary>The bytes of the line.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The line as text; what is no UTF-8 becomes U+FFFD. It may hold control characters: clean it before a terminal sees it.</summary>
    public string Text => Encoding.UTF8.GetString(Payload.Span);

    /// <summary>Whether it was written to stderr.</summary>
    public bool IsError { get; init; }
}
