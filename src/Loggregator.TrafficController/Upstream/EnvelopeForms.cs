using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Json;
using Loggregator.Protocol.Selectors;

namespace Loggregator.TrafficController.Upstream;

/// <summary>Envelopes in the forms that clients ask for. An envelope that has no tags of the other kind is passed on as it is.</summary>
internal static class EnvelopeForms
{
    [ThreadStatic]
    private static MessageBuffer? _scratch;

    /// <summary>Writes one envelope as a JSON object with preferred tags.</summary>
    public static void WriteJson(MessageBuffer json, ReadOnlySpan<byte> envelope) =>
        EnvelopeJson.WriteEnvelope(json, Converged(envelope, preferredTags: true));

    /// <summary>The envelope with tags of one kind only; valid until the next call on this thread.</summary>
    public static ReadOnlySpan<byte> Converged(ReadOnlySpan<byte> envelope, bool preferredTags)
    {
        if (!RawEnvelope.TryReadHeader(envelope, out var header) || !TagConvergence.IsNeeded(header.Flags, preferredTags))
        {
            return envelope;
        }

        var scratch = _scratch ??= MessageBuffer.Rent(64 * 1024); // lives as long as its thread
        scratch.Clear();
        TagConvergence.Write(scratch, envelope, preferredTags);
        return scratch.Span;
    }
}
