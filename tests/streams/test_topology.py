from schemas.topics import INPUTS, TOPICS
from streams.topology import FLOWS, describe


def test_every_input_belongs_to_exactly_one_flow():
    names = [topic for flow in FLOWS for topic in flow.topics]
    assert sorted(names) == sorted(topic.name for topic in INPUTS)


def test_the_diagram_names_every_topic_that_flows():
    chart = describe()
    for topic in TOPICS:
        assert topic.name in chart or topic.name == "advice"
