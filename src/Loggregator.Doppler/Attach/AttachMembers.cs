using System.Text;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler.Attach;

/// <summary>The subscriptions of one Attach stream that are members of groups and acknowledge. The reading and the writing loop.</summary>
internal sealed class AttachMembers(DopplerIdentity identity, ILogger logger)
{
    private const int MaxNameBytes = 256;
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(30);
    private readonly Lock _sync = new();
    private readonly Dictionary<uint, (Open Open, bool IsOverdue)> _members = [];

    /// <summary>What is wrong with the request for a subscription that acknowledges; empty when nothing is.</summary>
    public static string Refuse(Open open) =>
        open.ShardId.Length == 0 || open.Sharing != Sharing.BySource ? "Who acknowledges is a member of a group by source."
        : open.V1 is not null ? "Only v2 envelopes can be acknowledged."
        : open.Start is { FromCase: Start.FromOneofCase.Last } ? "A group that acknowledges starts now, at a time or at a position."
        : open.MaxEnvelopeBytes > 0 ? "Who acknowledges takes envelopes of every size."
        : Encoding.UTF8.GetByteCount(open.ShardId) > MaxNameBytes ? $"The shard id of a group that acknowledges has at most {MaxNameBytes} bytes."
        : Encoding.UTF8.GetByteCount(open.Member) > MaxNameBytes ? $"The name of a member that acknowledges has at most {MaxNameBytes} bytes."
        : "";

    public void Add(Open open)
    {
        lock (_sync)
        {
            _members[open.Subscription] = (open, false);
        }
    }

    public void Remove(uint subscription)
    {
        lock (_sync)
        {
            _members.Remove(subscription);
        }
    }

    /// <summary>Passes an acknowledgement on. Returns why the subscription has to end; null when it has not.</summary>
    public string? Acknowledge(Ack ack, LogConsumer consumer)
    {
        var error = ack.Incarnation != identity.Incarnation
            ? "The acknowledgement is for another run of the Doppler."
            : consumer.Acknowledge(ack.Subscription, (long)Math.Min(ack.Envelopes, long.MaxValue), (long)Math.Min(ack.Gaps, long.MaxValue));
        lock (_sync)
        {
            if (error is not null && _members.TryGetValue(ack.Subscription, out var member))
            {
                Log.MemberEnded(logger, member.Open.Member, member.Open.ShardId, error);
            }
        }

        return error;
    }

    /// <summary>Says once, of a member that has not acknowledged for long, that it does not, and when it does again.</summary>
    public void WarnOfOverdue(LogConsumer consumer)
    {
        lock (_sync)
        {
            foreach (var (subscription, (open, wasOverdue)) in _members)
            {
                var age = consumer.OldestUnacknowledged(subscription);
                var isOverdue = age >= Overdue;
                if (isOverdue == wasOverdue)
                {
                    continue;
                }

                _members[subscription] = (open, isOverdue);
                if (isOverdue)
                {
                    Log.MemberOverdue(logger, open.Member, open.ShardId, (int)age.TotalSeconds);
                }
                else
                {
                    Log.MemberAcknowledges(logger, open.Member, open.ShardId);
                }
            }
        }
    }
}
