using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>
/// A member of one acknowledged group at all Dopplers of a directory: each envelope of the group comes to one member, and comes again, to it or
/// another, until it is acknowledged or its Doppler's log has lost it, which is told. One reader; any thread may acknowledge.
/// </summary>
internal sealed class GroupConsumer : IAsyncDisposable
{
    private const int MaxMarks = 1024;
    private readonly Lock _sync = new(); // comes before the attachments' own
    private readonly Dictionary<string, GroupMembership> _memberships = []; // by address
    private readonly ConcurrentDictionary<DopplerIdentity, GroupMembership> _admitted = new();
    private readonly Dictionary<string, CursorMark> _marks = []; // by Doppler, those included that are not there
    private readonly List<Task> _ending = []; // of those that are not listed any more
    private readonly Queue<ConsumedFrame> _frames = new(); // each member's window bounds it
    private readonly AsyncSignal _arrived = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly DopplerDirectory _directory;
    private readonly PeerConnector _connector;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _startedAt;
    private Task _lookups = Task.CompletedTask;
    private volatile bool _closed;

    /// <summary>A consumer that is not started yet.</summary>
    /// <param name="options">What it reads.</param>
    /// <param name="directory">The Dopplers; this consumer has it refreshed.</param>
    /// <param name="connector">Dials them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Gets a line when a Doppler is joined, and one when it is lost.</param>
    public GroupConsumer(GroupConsumerOptions options, DopplerDirectory directory, PeerConnector connector, TimeProvider time, ILogger log)
    {
        (Options, _directory, _connector, _time, _log) = (options, directory, connector, time, log);
        _startedAt = time.GetUnixNanoseconds();
        foreach (var mark in options.Start.Cursor?.Marks ?? [])
        {
            _marks[mark.DopplerId] = mark;
        }

        Spec = new SubscriptionSpec
        {
            Selectors = options.Selectors,
            ShardId = options.ShardId,
            Sharing = Sharing.BySource,
            Member = options.Member,
            Acknowledged = true,
            Gaps = options.Gaps,
            Window = options.WindowBytes,
        };
    }

    /// <summary>What it reads.</summary>
    public GroupConsumerOptions Options { get; }

    /// <summary>
    /// Where it stands: everything before was acknowledged here or is in the Dopplers' hands. To be kept across restarts, and given as
    /// <see cref="GroupConsumerOptions.Start"/>.
    /// </summary>
    public StreamCursor Cursor => new(Options.Start.Cursor?.MintedAt ?? _startedAt, Marks());

    /// <summary>Done when the group was joined at a Doppler for the first time, or the consumer is disposed.</summary>
    public Task Joined => _joined.Task;

    /// <summary>How it fares with each Doppler.</summary>
    public IReadOnlyList<DopplerState> Dopplers
    {
        get
        {
            lock (_sync)
            {
                return [.. _memberships.Values.Select(membership => membership.State)];
            }
        }
    }

    /// <summary><see cref="Cursor"/> as it is when a frame of this mark is acknowledged too.</summary>
    public StreamCursor CursorAfter(CursorMark stored)
    {
        var cursor = Cursor;
        return cursor.TryFind(stored.DopplerId, out var mark) && (mark.Incarnation != stored.Incarnation || mark.Next >= stored.Next)
            ? cursor
            : new StreamCursor(cursor.MintedAt, [.. cursor.Marks.Where(other => other.DopplerId != stored.DopplerId), stored]);
    }

    internal SubscriptionSpec Spec { get; }

    /// <summary>Whether it is being disposed.</summary>
    internal bool IsClosed => _closed;

    /// <summary>Joins the group at every Doppler there is, now and later; returns at once.</summary>
    public void Start()
    {
        _directory.Changed += Follow;
        Follow();
        _lookups = _directory.RunAsync(_stop.Token);
    }

    /// <summary>The frames as they come, in order for each Doppler, until the consumer is disposed. The caller owns each. One reader.</summary>
    public async IAsyncEnumerable<ConsumedFrame> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        await using var cancelled = cancel.Register(_arrived.Set).ConfigureAwait(false);
        while (true)
        {
            while (!cancel.IsCancellationRequested && TryTake(out var frame))
            {
                yield return frame!;
            }

            cancel.ThrowIfCancellationRequested();
            if (_stop.IsCancellationRequested)
            {
                yield break;
            }

            await _arrived.WaitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Leaves the group everywhere, so that the others take over at once, and waits until the Dopplers have taken note of what was acknowledged.
    /// What is unacknowledged is sent to the others.
    /// </summary>
    public async Task LeaveAsync(TimeSpan patience)
    {
        GroupMembership[] memberships;
        lock (_sync)
        {
            memberships = [.. _memberships.Values];
        }

        try
        {
            await Task.WhenAll(memberships.Select(membership => membership.LeaveAsync())).WaitAsync(patience, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Some Doppler does not answer: it will send to others what it has not heard of.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _directory.Changed -= Follow;
        GroupMembership[] memberships;
        lock (_sync)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            memberships = [.. _memberships.Values];
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var membership in memberships)
        {
            await membership.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll([.. _ending, _lookups]).ConfigureAwait(false);
        _joined.TrySetResult();
        _arrived.Set();
        _stop.Dispose();
    }

    internal void NoteJoined() => _joined.TrySetResult();

    /// <summary>Whether a membership may attach to this Doppler: not if another address has led to the same run of it.</summary>
    internal bool Admit(GroupMembership membership, DopplerIdentity identity) => _admitted.GetOrAdd(identity, membership) == membership;

    /// <summary>A membership is not attached any more.</summary>
    internal void Dismiss(GroupMembership membership)
    {
        foreach (var admitted in _admitted.Where(admitted => admitted.Value == membership))
        {
            _admitted.TryRemove(admitted);
        }
    }

    /// <summary>A membership whose address is not listed any more has ended.</summary>
    internal void Forget(GroupMembership membership)
    {
        lock (_sync)
        {
            if (!_closed && _memberships.TryGetValue(membership.Attachment.Address, out var listed) && listed == membership)
            {
                _memberships.Remove(membership.Attachment.Address);
                Keep(membership);
                _ending.RemoveAll(task => task.IsCompleted);
                _ending.Add(membership.DisposeAsync().AsTask());
            }
        }
    }

    internal void Enqueue(ConsumedFrame frame)
    {
        lock (_frames)
        {
            _frames.Enqueue(frame);
        }

        _arrived.Set();
    }

    private bool TryTake(out ConsumedFrame? frame)
    {
        lock (_frames)
        {
            return _frames.TryDequeue(out frame);
        }
    }

    private void Follow()
    {
        var listed = _directory.Current;
        lock (_sync)
        {
            if (_closed)
            {
                return;
            }

            foreach (var membership in _memberships.Values.Where(membership => !listed.Contains(membership.Attachment.Address)))
            {
                membership.Attachment.Retire(); // what runs goes on until it breaks
            }

            foreach (var address in listed)
            {
                if (!_memberships.TryGetValue(address, out var membership) || !membership.Attachment.Resume())
                {
                    Join(address);
                }
            }
        }
    }

    private CursorMark[] Marks()
    {
        lock (_sync)
        {
            foreach (var membership in _memberships.Values)
            {
                Keep(membership);
            }

            return [.. _marks.Values];
        }
    }

    private void Keep(GroupMembership membership)
    {
        if (membership.Mark is { } mark && (_marks.ContainsKey(mark.DopplerId) || _marks.Count < MaxMarks))
        {
            _marks[mark.DopplerId] = mark;
        }
    }

    private void Join(string address)
    {
        // Whatever it takes to be attached, and whenever a Doppler appears: what came since the beginning is the group's.
        var start = ReferenceEquals(Options.Start, StreamStart.Now) ? StreamStart.Since(_startedAt) : Options.Start;
        var membership = new GroupMembership(address, this, start, _connector, _time, _log);
        _memberships[address] = membership;
        membership.Attachment.Start();
    }
}
