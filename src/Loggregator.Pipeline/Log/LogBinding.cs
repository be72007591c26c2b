using Loggregator.Pipeline.Sharding;

namespace Loggregator.Pipeline.Log;

/// <summary>Ties subscriptions to the log: pins the sources that they name, joins their groups, notes who is to be woken. Append lock.</summary>
internal sealed class LogBinding(SourceTable sources)
{
    private readonly ShardGroups _groups = new();

    /// <summary>Consumers that every append wakes.</summary>
    public List<LogConsumer> WatchAll { get; } = [];

    /// <summary>Gives the subscription its targets; its shares of groups begin at the head.</summary>
    public void Bind(Subscription subscription, long head, long oldest)
    {
        var request = subscription.Request;
        var targets = new List<Target>(request.Selectors.Count);
        var shared = request.ShardId.Length > 0 && !request.Acknowledged;
        var common = shared && request.BySource
            ? _groups.Join(request.ShardId, bySource: true, request.Selectors, request.MemberName, head, oldest)
            : null;
        foreach (var selector in request.Selectors)
        {
            var member = common ?? (shared
                ? _groups.Join(request.ShardId, bySource: false, [selector], request.MemberName, head, oldest)
                : null);
            targets.Add(new Target(subscription, selector, Pin(selector.SourceId), member, forGaps: false));
            if (request.Gaps)
            {
                targets.Add(new Target(subscription, selector, Pin(selector.SourceId), member, forGaps: true));
            }
        }

        subscription.Targets = [.. targets];
    }

    /// <summary>Undoes <see cref="Bind"/>.</summary>
    public void Unbind(Subscription subscription, long head, long oldest)
    {
        foreach (var member in subscription.Targets.Select(target => target.Member).OfType<ShardMember>().Distinct())
        {
            _groups.Leave(member, head, oldest);
        }

        foreach (var target in subscription.Targets)
        {
            if (target.Source is { } source)
            {
                sources.Unpin(source);
            }
        }

        subscription.Targets = [];
    }

    /// <summary>Has the consumer woken for what these targets want.</summary>
    public void Watch(LogConsumer consumer, IEnumerable<Target> targets)
    {
        foreach (var target in targets)
        {
            if (target.Source is not { } source)
            {
                if (!WatchAll.Contains(consumer))
                {
                    WatchAll.Add(consumer);
                }
            }
            else if (source.Watchers is not { } watchers)
            {
                source.Watchers = [consumer];
            }
            else if (!watchers.Contains(consumer))
            {
                source.Watchers = [.. watchers, consumer];
            }
        }
    }

    /// <summary>Undoes <see cref="Watch"/> for what no target in the consumer's table wants any more.</summary>
    public void Unwatch(LogConsumer consumer, IEnumerable<Target> targets, RouteTable remaining)
    {
        if (!remaining.WantsAnySource)
        {
            WatchAll.Remove(consumer);
        }

        foreach (var target in targets)
        {
            if (target.Source is { Watchers: { } watchers } source && !remaining.Names(source.Ordinal))
            {
                source.Watchers = watchers is [_] && watchers[0] == consumer ? null : [.. watchers.Where(other => other != consumer)];
            }
        }
    }

    private SourceEntry? Pin(ReadOnlySpan<byte> sourceId) => sourceId.IsEmpty ? null : sources.Pin(sourceId);
}
