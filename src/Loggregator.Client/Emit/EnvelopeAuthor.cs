using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Emit;

/// <summary>Begins the envelopes of an emitter: its tags, its names, the time. Any thread.</summary>
internal sealed class EnvelopeAuthor(EmitterOptions options)
{
    private const int MaxCharacterBytes = 4; // of UTF-8

    private readonly byte[] _sourceId = Encoding.UTF8.GetBytes(options.SourceId);
    private readonly byte[] _instanceId = Encoding.UTF8.GetBytes(options.InstanceId);
    private readonly (byte[] Key, byte[] Value)[] _tags =
        [.. options.Tags.Select(tag => (Encoding.UTF8.GetBytes(tag.Key), Encoding.UTF8.GetBytes(tag.Value)))];

    /// <summary>A buffer with the tags in it; the payload's writer adds the rest.</summary>
    public MessageBuffer Begin(EnvelopeDetails? details, out EnvelopeOrigin origin)
    {
        origin = new EnvelopeOrigin
        {
            Timestamp = Nanoseconds(details?.Timestamp ?? options.Clock.GetUtcNow()),
            SourceId = details?.SourceId is { } source ? Encoding.UTF8.GetBytes(source) : _sourceId,
            InstanceId = details?.InstanceId is { } instance ? Encoding.UTF8.GetBytes(instance) : _instanceId,
        };
        var envelope = MessageBuffer.Rent(512);
        foreach (var (key, value) in _tags)
        {
            EnvelopeWriter.Tag(envelope, key, value);
        }

        foreach (var (key, value) in details?.Tags ?? [])
        {
            EnvelopeWriter.Tag(envelope, Encoding.UTF8.GetBytes(key ?? ""), Encoding.UTF8.GetBytes(value ?? "")); // behind the defaults: the last counts
        }

        return envelope;
    }

    /// <summary>As much of a log as fits one envelope; no character is cut.</summary>
    public static ReadOnlySpan<byte> FirstPart(ReadOnlySpan<byte> payload, int limit)
    {
        if (payload.Length <= limit)
        {
            return payload;
        }

        var end = limit;
        while (end > limit - MaxCharacterBytes && (payload[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return payload[..((payload[end] & 0xC0) == 0x80 ? limit : end)];
    }

    /// <summary>UNIX nanoseconds; what they cannot tell becomes the first or last that they can.</summary>
    public static long Nanoseconds(DateTimeOffset time) =>
        Math.Clamp((time - DateTimeOffset.UnixEpoch).Ticks, long.MinValue / 100, long.MaxValue / 100) * 100;
}
