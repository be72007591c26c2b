using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Grpc;

/// <summary>Reads the request of an Egress call; EgressRequest and EgressBatchRequest have the same bytes.</summary>
internal static class EgressQuery
{
    /// <summary>Whether <see cref="EgressBatchRequest.UsePreferredTags"/> and the rest could be read; else <paramref name="refusal"/> says why not.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long window, [NotNullWhen(true)] out StreamRequest? request, out bool preferredTags, out Status refusal)
    {
        request = null;
        preferredTags = false;
        EgressBatchRequest asked;
        try
        {
            asked = EgressBatchRequest.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            refusal = new Status(StatusCode.Internal, "The request is not an EgressRequest.");
            return false;
        }

        var selectors = Converge(asked);
        refusal = Check(selectors);
        if (refusal.StatusCode != StatusCode.OK)
        {
            return false;
        }

        preferredTags = asked.UsePreferredTags;
        request = new StreamRequest
        {
            Selectors = selectors,
            ShardId = asked.ShardId,
            DeterministicName = asked.DeterministicName,
            Gaps = new GapForms(selectors).NeedsGaps,
            Window = window,
        };
        return true;
    }

    // The legacy selector counts only where there is no other.
    private static RepeatedField<Selector> Converge(EgressBatchRequest asked)
    {
        if (asked.Selectors.Count == 0 && asked.LegacySelector is { } legacy)
        {
            asked.Selectors.Add(legacy);
        }

        return asked.Selectors;
    }

    private static Status Check(RepeatedField<Selector> selectors)
    {
        if (selectors.Count == 0)
        {
            return new Status(StatusCode.InvalidArgument, "Selectors cannot be empty");
        }

        return selectors.All(selector => selector.MessageCase != Selector.MessageOneofCase.None)
            ? Status.DefaultSuccess
            : new Status(StatusCode.InvalidArgument, "Selectors must have a Message");
    }
}
