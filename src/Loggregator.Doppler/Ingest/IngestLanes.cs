namespace Loggregator.Doppler.Ingest;

/// <summary>The lanes that agents have sent on; the one opened longest ago is forgotten to make room. Any thread.</summary>
internal sealed class IngestLanes
{
    private const int MaxLanes = 20_000;
    private readonly Dictionary<(string Agent, ulong Epoch, uint Lane), LinkedListNode<Entry>> _lanes = [];
    private readonly LinkedList<Entry> _byUse = new(); // least recently opened first

    public IngestLane Open(string agent, ulong epoch, uint lane)
    {
        lock (_lanes)
        {
            var key = (agent, epoch, lane);
            if (_lanes.TryGetValue(key, out var node))
            {
                _byUse.Remove(node);
            }
            else
            {
                if (_lanes.Count >= MaxLanes)
                {
                    _lanes.Remove(_byUse.First!.Value.Key);
                    _byUse.RemoveFirst();
                }

                node = new LinkedListNode<Entry>(new Entry(key, new IngestLane()));
                _lanes.Add(key, node);
            }

            _byUse.AddLast(node);
            return node.Value.Lane;
        }
    }

    private sealed record Entry((string Agent, ulong Epoch, uint Lane) Key, IngestLane Lane);
}
