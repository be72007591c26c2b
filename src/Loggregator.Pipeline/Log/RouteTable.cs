using System.Runtime.InteropServices;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Who gets a row, by its source and kind: the compiled selectors of one subscription, or of all those that are read for together.
/// Guarded by the consumer's gate.
/// </summary>
/// <param name="live">Only rows appended after its subscriptions were opened are looked up: the named sources are all indexed apart there.</param>
internal sealed class RouteTable(bool live)
{
    private const int MaxSought = 5; // as many values as one vectorised search takes
    private static readonly Route?[] Nobody = new Route?[RowKind.Count];
    private readonly List<Target> _forAny = [];
    private readonly Dictionary<int, List<Target>> _forSource = [];
    private readonly HashSet<int> _stale = [];
    private Route?[]?[] _bySource = new Route?[]?[1];
    private Route?[] _any = Nobody;
    private int[] _sought = [];
    private bool _allStale = true;

    /// <summary>Whether every row has to be looked at, because some target takes any source.</summary>
    public bool WantsAnySource => _forAny.Count > 0;

    public bool IsLive => live;

    /// <summary>Ordinals of the sources that targets name.</summary>
    public IReadOnlyCollection<int> Sources => _forSource.Keys;

    public bool Names(int ordinal) => _forSource.ContainsKey(ordinal);

    public void Add(Subscription subscription)
    {
        foreach (var target in subscription.Targets)
        {
            if (target.Source is null)
            {
                _forAny.Add(target);
            }
            else
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(_forSource, target.Source.Ordinal, out _) ??= []).Add(target);
            }

            MarkStale(target);
        }
    }

    public void Remove(Subscription subscription)
    {
        foreach (var target in subscription.Targets)
        {
            if (target.Source is null)
            {
                _forAny.Remove(target);
            }
            else if (_forSource.TryGetValue(target.Source.Ordinal, out var targets) && targets.Remove(target) && targets.Count == 0)
            {
                _forSource.Remove(target.Source.Ordinal);
            }

            MarkStale(target);
        }
    }

    /// <summary>Compiles what has changed. To be called before rows are looked up.</summary>
    public void Refresh()
    {
        if (_allStale)
        {
            Array.Clear(_bySource);
            _any = Compile(_forAny, [], checkSource: false);
            foreach (var ordinal in _forSource.Keys)
            {
                Compile(ordinal);
            }
        }
        else
        {
            foreach (var ordinal in _stale)
            {
                Compile(ordinal);
            }
        }

        if (_allStale || _stale.Count > 0)
        {
            CompileOther();
            _sought = _forSource.Count < MaxSought ? [SourceTable.Other, .. _forSource.Keys.Where(ordinal => ordinal != SourceTable.Other)] : [];
            _allStale = false;
            _stale.Clear();
        }
    }

    public Route? Find(int ordinal, byte kind)
    {
        var routes = (uint)ordinal < (uint)_bySource.Length ? _bySource[ordinal] ?? _any : _any;
        return routes[kind];
    }

    /// <summary>The first row from <paramref name="row"/> on that may match; <paramref name="end"/> if there is none.</summary>
    public int NextRow(int[] sources, int row, int end)
    {
        if (WantsAnySource || _sought.Length == 0)
        {
            return row;
        }

        var found = sources.AsSpan(row, end - row).IndexOfAny(_sought);
        return found < 0 ? end : row + found;
    }

    /// <summary>The last row up to <paramref name="row"/> that may match; -1 if there is none.</summary>
    public int PreviousRow(int[] sources, int row) =>
        WantsAnySource || _sought.Length == 0 ? row : sources.AsSpan(0, row + 1).LastIndexOfAny(_sought);

    private void MarkStale(Target target)
    {
        if (target.Source is null)
        {
            _allStale = true;
        }
        else
        {
            _stale.Add(target.Source.Ordinal);
        }
    }

    private void Compile(int ordinal)
    {
        if (ordinal >= _bySource.Length)
        {
            Array.Resize(ref _bySource, Math.Max(ordinal + 1, _bySource.Length * 2));
        }

        _bySource[ordinal] = _forSource.TryGetValue(ordinal, out var targets) ? Compile(_forAny, targets, checkSource: false) : null;
    }

    // Rows of the sources that are not indexed apart: among them may be older ones of a source that now is.
    private void CompileOther()
    {
        var named = live
            ? _forSource.GetValueOrDefault(SourceTable.Other) ?? []
            : [.. _forSource.Values.SelectMany(targets => targets)];
        _bySource[SourceTable.Other] = Compile(_forAny, named, checkSource: true);
    }

    private static Route?[] Compile(List<Target> any, List<Target> named, bool checkSource)
    {
        var routes = new Route?[RowKind.Count];
        for (byte kind = 0; kind < RowKind.Count; kind++)
        {
            List<Target> concerned = [.. any.Concat(named).Where(target => target.Concerns(kind))];

            // Who asked for gap records beside what it selects gets each once, and not again if it selects them anyway.
            var selecting = concerned.Where(target => !target.ForGaps).Select(target => target.Subscription).ToHashSet();
            concerned.RemoveAll(target => target.ForGaps && !selecting.Add(target.Subscription));
            if (concerned.Count > 0)
            {
                routes[kind] = Compile(concerned, kind, checkSource, routes);
            }
        }

        return routes;
    }

    private static Route Compile(List<Target> concerned, byte kind, bool checkSource, Route?[] others)
    {
        bool Always(Target target) => target.TakesAll(kind) && !(checkSource && target.Source is not null);
        Subscription[] always = [.. concerned.Where(Always).Select(target => target.Subscription)];
        always = always is [var alone] ? alone.Alone
            : others.FirstOrDefault(other => other is not null && other.Always.AsSpan().SequenceEqual(always))?.Always ?? always;
        return new Route(always, [.. concerned.Where(target => !Always(target))], checkSource);
    }
}
