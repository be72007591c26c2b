using System.Globalization;
using Loggregator.Tests.Pipeline.Log;
using Xunit;

namespace Loggregator.Tests.Pipeline.Groups;

/// <summary>
/// Members of an acknowledged group come, read, acknowledge, lag and vanish in seeded order, now and then all of them, while the log overflows
/// or does not. The books balance after every step. At the end every envelope was acknowledged by who had it last, or told as lost; those that
/// were sent twice are counted; and each source's envelopes were first sent in their order.
/// </summary>
public sealed class AckGroupModelTests
{
    private const int Sources = 20;

    [Theory]
    [InlineData(1, 16 << 20)]
    [InlineData(2, 16 << 20)]
    [InlineData(3, 16 << 20)]
    [InlineData(4, 16 << 20)]
    [InlineData(5, 256 << 10)]
    [InlineData(6, 256 << 10)]
    [InlineData(7, 256 << 10)]
    [InlineData(8, 256 << 10)]
    public void Group_WithMembersThatComeAndVanish_AcknowledgesOrIsToldEverything(int seed, int budget)
    {
        var run = new Run(seed, budget);
        for (var step = 0; step < 3000; step++)
        {
            run.Step();
        }

        run.Finish();
    }

    private sealed class Run
    {
        private readonly Random _random;
        private readonly LogFixture _log;
        private readonly List<GroupReader> _members = [];
        private readonly List<string> _sourceOf = [];
        private readonly HashSet<int> _seen = [];
        private readonly HashSet<int> _acknowledged = [];
        private readonly Dictionary<string, int> _newestOf = [];
        private readonly bool _overflows;
        private long _deliveries;
        private long _told;
        private int _names;

        public Run(int seed, int budget)
        {
            _random = new Random(seed);
            _overflows = budget < 1 << 20;
            _log = new LogFixture(budget);
            Join();
        }

        public void Step()
        {
            var any = _members.Count > 0 ? _members[_random.Next(_members.Count)] : null;
            switch (_random.Next(40))
            {
                case 0 when _members.Count < 5:
                    Join();
                    break;
                case 1 when any is not null && _members.Count > 1:
                    Vanish(any);
                    break;
                case 2 when any is not null && _random.Next(4) == 0:
                    Replace(any);
                    break;
                case 3 when _random.Next(10) == 0:
                    foreach (var member in _members.ToList())
                    {
                        Vanish(member);
                    }

                    _log.Time.Advance(TimeSpan.FromMinutes(_random.Next(10)));
                    Append();
                    Join();
                    break;
                case < 10 when any is not null:
                    Read(any);
                    break;
                case < 15 when any is not null:
                    Assert.Null(any.Ack(_random.Next(any.Acked, any.Positions.Count + 1), _random.Next(any.AckedGaps, any.Gaps + 1)));
                    break;
                case 15 when any is not null:
                    Assert.Null(any.Ack(_random.Next(any.Acked + 1), 0)); // again, and backwards
                    break;
                case 16 when any is not null:
                    Assert.NotNull(any.Ack(any.Positions.Count + 1)); // never sent
                    break;
                default:
                    Append();
                    break;
            }

            var report = GroupReader.ReportOf(_log);
            Assert.Equal(report.Matched, report.Acknowledged + report.Dropped + report.Held);
            Assert.True(report.Held >= 0, "less than nothing is held");
            Assert.Equal(_deliveries - _seen.Count, report.Resent);
        }

        public void Finish()
        {
            if (_members.Count == 0)
            {
                Join();
            }

            foreach (var member in _members)
            {
                while (Read(member))
                {
                }

                member.AckAll();
            }

            foreach (var member in _members.ToList())
            {
                Note(member);
            }

            var report = GroupReader.AssertSettled(_log);
            Assert.Equal(_sourceOf.Count, report.Matched);
            Assert.Equal(report.Dropped, _told);
            Assert.True(_sourceOf.Count - _acknowledged.Count <= _told, $"{_sourceOf.Count} sent, {_acknowledged.Count} acknowledged, {_told} told lost");
            Assert.True(report.Acknowledged <= _acknowledged.Count);
            Assert.Equal(_overflows, report.Dropped > 0);
            Assert.True(report.Resent > 0, "nothing was ever sent again");
            _members.ForEach(member => member.Dispose());
        }

        private void Join(string? name = null) => _members.Add(new GroupReader(_log, name ?? "member-" + _names++, _random.Next(3) == 0 ? 50_000 : long.MaxValue / 2));

        private void Vanish(GroupReader member)
        {
            Note(member);
            _members.Remove(member);
            member.Dispose();
        }

        private void Replace(GroupReader former)
        {
            Join(former.Name);
            Assert.NotNull(former.Ended);
            Vanish(former);
        }

        private void Note(GroupReader member)
        {
            _acknowledged.UnionWith(member.Numbers.Take(member.Acked));
            _told += member.Lost(member.AckedGaps);
        }

        private bool Read(GroupReader member)
        {
            var before = member.Positions.Count;
            member.Grant(10_000);
            var any = member.ReadOne();
            for (var i = before; i < member.Positions.Count; i++)
            {
                var number = member.Numbers[i];
                Assert.Equal(number + 1, member.Positions[i]);
                _deliveries++;
                if (_seen.Add(number))
                {
                    var source = _sourceOf[number];
                    Assert.True(_newestOf.GetValueOrDefault(source, -1) < number, $"{number} of {source} was first sent behind {_newestOf.GetValueOrDefault(source)}");
                    _newestOf[source] = number;
                }
            }

            return any;
        }

        private void Append()
        {
            for (var count = _random.Next(1, 30); count > 0; count--)
            {
                var source = "s" + _random.Next(Sources).ToString(CultureInfo.InvariantCulture);
                _log.AddLog(source, _sourceOf.Count.ToString(CultureInfo.InvariantCulture), size: _random.Next(300));
                _sourceOf.Add(source);
            }

            _log.Append();
        }
    }
}
