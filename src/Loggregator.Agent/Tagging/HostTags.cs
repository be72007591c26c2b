using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Agent.Tagging;

/// <summary>
/// The host's tags as bytes that go in front of every envelope. Of equal tag keys the last wins, so in front means: unless the envelope has
/// the tag itself.
/// </summary>
internal sealed class HostTags
{
    public HostTags(IReadOnlyDictionary<string, string> tags)
    {
        using var buffer = MessageBuffer.Rent(1024);
        foreach (var (key, value) in tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            EnvelopeWriter.Tag(buffer, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        }

        Prefix = buffer.Span.ToArray();
    }

    /// <summary>Entries of field 9.</summary>
    public byte[] Prefix { get; }
}
